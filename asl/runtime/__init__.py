"""runtime: the outer world; clocks, threads, pools. Acts, never decides."""
