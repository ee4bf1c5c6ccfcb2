"""One file a tab: `build_tab(session)` lays out its components and wires them."""
