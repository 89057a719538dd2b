"""What is measured, never what is served: `make bench`, `make load`, `make soak`."""
