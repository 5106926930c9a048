"""Tables, stores and foreign formats."""
