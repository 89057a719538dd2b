"""The PDF of one report by our engine, by that of the earlier commit, and by others beside it.

Method: every sample is a new child process that imports and warms up before its clock starts.
Contenders take turns in shuffled order. The result is the median of the ratios within a round,
compared with the noise row (our engine against itself). Nothing here is served.
"""
