"""Who gets credit and how much: features, scorecard, policy. Columns in, decisions out."""
