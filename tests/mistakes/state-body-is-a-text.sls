a: nonsense
