"""Articles: text in, annotations for review, one named graph out."""
