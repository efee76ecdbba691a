"""Tracks: from the fixes of one vehicle to the roads it drove.

`graph` makes a road graph of a network's segments, `routes` finds the shortest ways in it, `runs` tells usable fixes
from jumps and cuts a track at its gaps, and `matching` finds the likeliest way by a hidden Markov model:
P. Newson and J. Krumm, Hidden Markov Map Matching Through Noise and Sparseness, ACM SIGSPATIAL GIS 2009.
"""
