# Stands for libguestfs where LAVA's own worker is run without it: see upstream-worker.test.ts.
