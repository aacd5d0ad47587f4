"""What runs inside the jail: started as programs of their own, with the standard library alone, never imported."""
