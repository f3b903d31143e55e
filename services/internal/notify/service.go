package notify

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/logger"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// schemeForm keeps what may be part of a password out of an error.
var schemeForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9.-]{0,30})(\+[a-z]{1,10})?://`)

// parse reads a URL as far as all services have it in common. scheme names the
// service: that of generic+https://host is generic.
func parse(text string) (u *url.URL, scheme string, err error) {
	parts := schemeForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, "", errors.New("must begin with a service, such as smtp:// or slack://")
	}
	scheme = strings.ToLower(parts[1])
	if u, err = url.Parse(text); err != nil { // the error quotes the URL
		return nil, "", fmt.Errorf("%s: not a URL; special characters of a password must be %%-encoded", scheme)
	}
	if scheme == logger.Scheme {
		return nil, "", errors.New("logger: would only write to the log, which tells of disabled subscriptions in any case")
	}
	return u, scheme, nil
}

// check holds where the service can be made of the URL. The errors of
// shoutrrr may quote it, and so stay here.
func check(scheme string, u *url.URL) error {
	service, err := new(router.ServiceRouter).NewService(scheme)
	if err != nil {
		return fmt.Errorf("%s: there is no such service; see https://shoutrrr.nickfedor.com for those that there are", scheme)
	}
	if scheme == matrix.Scheme { // would log in
		err = new(matrix.Config).SetURL(u)
	} else {
		err = initialize(service, scheme, u)
	}
	if err != nil {
		return fmt.Errorf("%s: not a URL as this service takes it; see https://shoutrrr.nickfedor.com", scheme)
	}
	return nil
}

// build makes the service. Some log in, so it may take its time.
func build(scheme string, u *url.URL) (types.Service, error) {
	service, err := new(router.ServiceRouter).NewService(scheme)
	if err != nil {
		return nil, fmt.Errorf("make service: %w", err)
	}
	if err := initialize(service, scheme, u); err != nil {
		return nil, err
	}
	return service, nil
}

// initialize does what router.Locate does, which panics where a URL such as
// generic+https://… cannot be converted.
func initialize(service types.Service, scheme string, u *url.URL) error {
	own := *u // services keep and change it
	config := &own
	if !strings.EqualFold(u.Scheme, scheme) {
		custom, ok := service.(types.CustomURLService)
		if !ok {
			return fmt.Errorf("%s takes no other URLs", scheme)
		}
		var err error
		if config, err = custom.GetConfigURLFromCustom(&own); err != nil {
			return fmt.Errorf("convert URL: %w", err)
		}
	}
	if err := service.Initialize(config, nil); err != nil {
		return fmt.Errorf("initialize service: %w", err)
	}
	return nil
}
