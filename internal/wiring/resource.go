package wiring

// resources reads the resources section: a mapping, an include, or a list of both.
func (r *reader) resources(n node) error {
	elements, err := n.elements()
	if err != nil {
		elements = []node{n}
	}
	for _, e := range elements {
		if file, ok := e.included(); ok {
			if e, err = r.parse(file); err != nil {
				return err
			}
		}
		if err := r.template(e); err != nil {
			return err
		}
	}
	return nil
}

// template reads the Resources of a CloudFormation template. Its other sections are the cloud's.
func (r *reader) template(n node) error {
	sections, err := n.members()
	if err != nil {
		return err
	}
	section, ok := find(sections, "Resources")
	if !ok {
		return nil
	}
	resources, err := section.members()
	if err != nil {
		return err
	}
	for _, m := range resources {
		if _, twice := r.wiring.Resources[m.name]; twice {
			return m.value.fail("this resource is there twice")
		}
		resource, err := readResource(m.value)
		if err != nil {
			return err
		}
		r.wiring.Resources[m.name] = resource
	}
	return nil
}

func readResource(n node) (Resource, error) {
	members, err := n.members()
	if err != nil {
		return Resource{}, err
	}
	kind, ok := find(members, "Type")
	if !ok {
		return Resource{}, n.fail("no Type")
	}
	var resource Resource
	if resource.Type, err = kind.text(); err != nil {
		return Resource{}, err
	}
	if resource.Type != typeTable {
		return resource, nil
	}
	view, ok, err := n.at("Properties", "StreamSpecification", "StreamViewType")
	if err != nil || !ok {
		return resource, err
	}
	resource.StreamView, err = view.text()
	return resource, err
}

// at goes down a way of members; ok is false where it ends early.
func (n node) at(way ...string) (found node, ok bool, err error) {
	for _, name := range way {
		members, err := n.members()
		if err != nil {
			return node{}, false, err
		}
		if n, ok = find(members, name); !ok {
			return node{}, false, nil
		}
	}
	return n, true, nil
}

// resource reads a reference and holds that it names a resource of this type.
func (r *reader) resource(n node, attribute, kind string) (string, error) {
	id, err := n.reference(attribute)
	if err != nil {
		return "", err
	}
	resource, ok := r.wiring.Resources[id]
	if !ok {
		return "", n.fail("no resource %s", id)
	}
	if resource.Type != kind {
		return "", n.fail("%s is %s, want %s", id, resource.Type, kind)
	}
	return id, nil
}
