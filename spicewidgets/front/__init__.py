"""The page that needs no Python: what it is told of models and settings, and the file that holds it.

Its sources are in `src/`, in TypeScript. After a change, `npm ci` and `npm run build` in this folder write
`front.js` anew, beside the template of the server's page: what the page contains, and the explorer's game.
`npm run check` looks at the types.
"""
