"""What a search needs to know of a language: stems, compounds, stop words, synonyms. Pure; reads its data once."""
