"""The whole product as processes of its own, the people in it and the mail it sends."""
