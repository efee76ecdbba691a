"""What devices post in their vendors' formats, as events of the contract."""
