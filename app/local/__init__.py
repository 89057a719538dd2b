"""Everything that runs Laudo on one machine: servers, supervisor, LAN certificate."""
