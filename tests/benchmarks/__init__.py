"""What `./ems bench` runs: a believable data set of any size, and how quickly the lists answer over it.

`__main__` starts a database for each size, `run` fills and measures it in a process of its own, and the
report sets the figures beside what is promised. docs/performance.md tells why and how.
"""
