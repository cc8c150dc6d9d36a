package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"sync"

	"github.com/gorilla/mux"
)

// A plain is an emulator of Freezer's clients as one writes it in an afternoon: no journal, no other
// services, and of the checks only those that a client is likely to meet.
type plain struct {
	mu    sync.RWMutex
	order []string
	all   map[string]*plainClient
	rules []string // patterns of paths, none of which fits
}

type plainClient struct {
	Client plainMembers `json:"client"`
}

type plainMembers struct {
	ID          string `json:"client_id"`
	Hostname    string `json:"hostname"`
	Description string `json:"description"`
	UUID        string `json:"uuid"`
}

type plainList struct {
	Clients []*plainClient `json:"clients"`
}

// serveGorilla runs the plain emulator.
func serveGorilla(records, rules int) {
	s := &plain{all: map[string]*plainClient{}}
	for i := range records {
		s.add(plainMembers{ID: fmt.Sprintf("node-%d", i), Hostname: "node.example.com", Description: "made by the bench"})
	}
	for i := range rules {
		s.rules = append(s.rules, fmt.Sprintf("/v1/other-%d/*", i))
	}
	r := mux.NewRouter()
	r.HandleFunc("/v1/clients", s.list).Methods(http.MethodGet)
	r.HandleFunc("/v1/clients", s.create).Methods(http.MethodPost)
	r.HandleFunc("/v1/clients/{client_id}", s.show).Methods(http.MethodGet)
	for _, other := range []string{"jobs", "sessions", "actions", "backups"} {
		r.HandleFunc("/v1/"+other, http.NotFound)
		r.HandleFunc("/v1/"+other+"/{id}", http.NotFound)
	}
	serve(s.guard(r))
}

// guard checks the token, and looks for a rule that fits.
func (s *plain) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != "demo-token" {
			http.Error(w, "Authentication required", http.StatusUnauthorized)
			return
		}
		for _, rule := range s.rules {
			if fits, _ := path.Match(rule, r.URL.Path); fits {
				http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *plain) add(m plainMembers) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[m.ID] != nil {
		return false
	}
	m.UUID = fmt.Sprintf("%032x", len(s.order))
	s.all[m.ID] = &plainClient{m}
	s.order = append(s.order, m.ID)
	return true
}

func (s *plain) list(w http.ResponseWriter, r *http.Request) {
	limit, offset := 10, 0
	if v := r.URL.Query().Get("limit"); v != "" {
		limit, _ = strconv.Atoi(v)
	}
	if v := r.URL.Query().Get("offset"); v != "" {
		offset, _ = strconv.Atoi(v)
	}
	answer(w, http.StatusOK, s.page(limit, offset))
}

func (s *plain) page(limit, offset int) plainList {
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := plainList{Clients: []*plainClient{}}
	for i := offset; i < min(offset+limit, len(s.order)); i++ {
		page.Clients = append(page.Clients, s.all[s.order[i]])
	}
	return page
}

func (s *plain) show(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.all[mux.Vars(r)["client_id"]]
	if c == nil {
		http.NotFound(w, r)
		return
	}
	answer(w, http.StatusOK, c)
}

func (s *plain) create(w http.ResponseWriter, r *http.Request) {
	var m plainMembers
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.ID == "" {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	if !s.add(m) {
		http.Error(w, "Conflict", http.StatusConflict)
		return
	}
	answer(w, http.StatusCreated, map[string]string{"client_id": m.ID})
}

// answer writes an answer. The length is known, because the load needs it.
func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
