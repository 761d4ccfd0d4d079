"""The panels: a state goes in, a box of widgets comes out; one file per concept, named as its state."""
