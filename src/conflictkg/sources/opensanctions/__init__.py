"""OpenSanctions: who stands on lists of sanctions and of interest, in the FollowTheMoney model."""
