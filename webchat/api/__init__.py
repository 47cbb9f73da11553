"""The same house for programs: `/v1` as OpenAI defines it, `/api` for collections, documents and search."""
