"""The actions of a scenario's steps: one file for each noun, one class for each action."""
