"""Who boxes garments in photos nobody has labelled: autodistill models behind one interface."""
