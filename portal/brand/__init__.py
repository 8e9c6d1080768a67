"""The reseller's own name and look: what is published, its colours, and its pictures made safe."""
