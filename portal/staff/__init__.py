"""The pages of the reseller's own people, who administer every account."""
