"""One module per subcommand of `amanzhol`."""
