"""Forms of campaigns: whom one goes to, what it says, when it is sent."""
