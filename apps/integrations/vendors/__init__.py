"""One folder per vendor, none of which knows another. `manage.py startintegration` writes one that works."""
