"""Power grids: the physics of alternating and direct current flow, from equations written here."""
