import ApusGraph
