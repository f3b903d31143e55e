package catalogue

import (
	"strconv"
	"strings"
)

// maxPath bounds how much of a stranger's names is sent back, in bytes.
const maxPath = 200

// pathOf writes the place of a value in doc as the client would:
// data.items[3].amount, or data["a.b"] where a name needs quotes.
func pathOf(root string, doc any, tokens []string) string {
	var b strings.Builder
	b.WriteString(root)
	for _, token := range tokens {
		switch v := doc.(type) {
		case []any:
			b.WriteString("[" + token + "]")
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
				doc = v[i]
			}
			continue
		case map[string]any:
			doc = v[token]
		}
		if plain(token) {
			b.WriteString("." + token)
		} else {
			b.WriteString("[" + strconv.QuoteToASCII(token) + "]")
		}
	}
	if b.Len() > maxPath {
		return b.String()[:maxPath] + "…"
	}
	return b.String()
}

// plain says whether a name stands in a path without quotes.
func plain(name string) bool {
	for i := range len(name) {
		c := name[i]
		word := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '$'
		if !word {
			return false
		}
	}
	return name != ""
}
