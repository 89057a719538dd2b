"""The PDF of one report by four hands: ours, naive WeasyPrint, ReportLab and the copy limit.

How it is measured: every sample is a fresh child process that has imported and warmed before its
clock starts; contenders take turns in shuffled order; what counts is the median of the ratios
within a round, read against the noise row (our engine against itself). Nothing here is served.
"""
