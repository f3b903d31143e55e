package settings

import (
	"fmt"
	"strings"
)

// readSecrets reads the secrets that are named by a file. The value then counts
// as said where the file was named.
func (m *model) readSecrets() error {
	for _, o := range m.options {
		file := m.byName[o.Name+fileSuffix]
		if !o.Secret || file == nil || file.said == nil || file.said.texts[0] == "" {
			continue
		}
		if o.said != nil {
			return fmt.Errorf("%s and %s: both are set, expected one of them", o.said.where, file.said.where)
		}
		data, err := readBounded(file.said.where, file.said.texts[0], maxSecretBytes)
		if err != nil {
			return err
		}
		secret := strings.TrimRight(string(data), "\r\n")
		if secret == "" {
			return fmt.Errorf("%s: file %s is empty, expected a secret", file.said.where, quoted(file.said.texts[0]))
		}
		o.said = &statement{where: file.said.where, texts: []string{secret}}
		if err := o.check(*o.said); err != nil {
			return err
		}
	}
	return nil
}
