"""dronestre.am: strikes of the United States in Pakistan, Yemen and Somalia, as its interface gives them."""
