"""The health of the fleet: which devices are silent, wrong, stuck or unverified, and what is one cause for many.

Pure: records and their arrival go in, alerts come out, time is an argument. So a replay decides the same.
"""
