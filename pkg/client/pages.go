package client

import (
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// pages walks through a list from the cursor first on. An error is the last
// that is given.
func pages[T any](first string, fetch func(cursor string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := first; ; {
			items, next, err := fetch(cursor)
			if err == nil && next != "" && next == cursor {
				err = fmt.Errorf("the server's next page begins at the same cursor %.64q", next)
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// query leaves out what is empty.
type query url.Values

func (q query) text(name, value string) query {
	if value != "" {
		q[name] = []string{value}
	}
	return q
}

func (q query) list(name string, values []string) query {
	return q.text(name, strings.Join(values, ","))
}

func (q query) number(name string, value int) query {
	if value != 0 {
		q[name] = []string{strconv.Itoa(value)}
	}
	return q
}

func (q query) time(name string, value time.Time) query {
	if !value.IsZero() {
		q[name] = []string{value.UTC().Format(time.RFC3339Nano)}
	}
	return q
}

func (q query) truth(name string, value bool) query {
	if value {
		q[name] = []string{"true"}
	}
	return q
}

// Pagination says where in a list a page is.
type Pagination struct {
	// Page is counted from 1.
	Page       int `json:"page"`
	PageSize   int `json:"pageSize"`
	Total      int `json:"total"`
	TotalPages int `json:"totalPages"`
}
