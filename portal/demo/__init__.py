"""`portal demo`: the whole product on this machine, with a local Connexease and a month that has happened."""
