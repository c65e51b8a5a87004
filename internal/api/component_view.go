package api

import (
	"allclear/internal/status"
)

// componentJSON is a component, or a group in the shape of one.
// https://developer.statuspage.io/#tag/components
type componentJSON struct {
	ID                 string  `json:"id"`
	PageID             string  `json:"page_id"`
	GroupID            *string `json:"group_id"`
	CreatedAt          string  `json:"created_at"`
	UpdatedAt          string  `json:"updated_at"`
	Group              bool    `json:"group"`
	Name               string  `json:"name"`
	Description        *string `json:"description"`
	Position           int     `json:"position"` // from 1, counted inside the group
	Status             string  `json:"status"`
	Showcase           bool    `json:"showcase"`
	OnlyShowIfDegraded bool    `json:"only_show_if_degraded"`
	AutomationEmail    *string `json:"automation_email"`
	StartDate          *string `json:"start_date"` // YYYY-MM-DD
}

// groupJSON is a component group. Statuspage's description calls components and position
// strings; its clients read a list and a number.
type groupJSON struct {
	ID          string   `json:"id"`
	PageID      string   `json:"page_id"`
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Components  []string `json:"components"` // ids, in order
	Position    int      `json:"position"`
	CreatedAt   string   `json:"created_at"`
	UpdatedAt   string   `json:"updated_at"`
}

func (v view) component(c status.Component) componentJSON {
	place := v.cfg.Layout[c.ID]
	return componentJSON{
		ID: c.ID, PageID: v.page.ID, GroupID: textOrNull(place.Group),
		CreatedAt: v.time(c.CreatedAt), UpdatedAt: v.time(v.cfg.UpdatedAt(c.ID)),
		Name: c.Name, Description: c.Description, Position: place.Position, Status: string(v.cfg.Status(c.ID)),
		Showcase: c.Showcase, OnlyShowIfDegraded: c.OnlyShowIfDegraded, StartDate: c.StartDate,
	}
}

func (v view) groupAsComponent(g status.Group) componentJSON {
	return componentJSON{
		ID: g.ID, PageID: v.page.ID, CreatedAt: v.time(g.CreatedAt), UpdatedAt: v.time(g.UpdatedAt),
		Group: true, Name: g.Name, Description: g.Description, Position: v.cfg.Layout[g.ID].Position,
		Status: string(v.cfg.GroupStatus(g.ID)),
	}
}

func (v view) group(g status.Group) groupJSON {
	return groupJSON{
		ID: g.ID, PageID: v.page.ID, Name: g.Name, Description: g.Description,
		Components: append([]string{}, v.cfg.Members(g.ID)...), Position: v.cfg.Layout[g.ID].Position,
		CreatedAt: v.time(g.CreatedAt), UpdatedAt: v.time(g.UpdatedAt),
	}
}
