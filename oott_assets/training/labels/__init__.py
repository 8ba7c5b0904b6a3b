"""Photos with garments boxed in them, by people or by a labeller."""
