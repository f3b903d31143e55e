package allinone

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
)

// loadKey reads the API key, or makes one and keeps it for the next start.
func loadKey(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key := "ph_" + rand.Text()
		if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("keep API key: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("read API key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("read API key: %s is empty; remove it to have one made", file)
	}
	return key, nil
}
