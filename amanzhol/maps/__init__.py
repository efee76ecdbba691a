"""Reading the maps that a network is built from: routes, posts, streets, tables and areas."""
