"""How moments are written where a page does not say it itself, which only the operators' pages do not."""
