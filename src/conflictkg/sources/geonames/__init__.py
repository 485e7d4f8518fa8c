"""GeoNames: places of the world, their names and where they lie."""
