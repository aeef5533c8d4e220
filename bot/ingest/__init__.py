"""The pipeline: from feeds that are due to articles stored and pushes owed."""
