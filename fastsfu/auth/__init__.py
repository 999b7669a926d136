"""Who may enter which room, with which rights."""
