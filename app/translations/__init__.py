"""Both catalogues and what collects their texts. `make messages` updates, `make setup` compiles."""
