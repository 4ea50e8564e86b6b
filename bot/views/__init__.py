"""The JSON of modals and of the Home tab, and what people filled into them."""
