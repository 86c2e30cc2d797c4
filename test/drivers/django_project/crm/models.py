"""Two related models with a column of every type that can be encrypted."""
from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=60, unique=True)


class Contact(models.Model):
    email = models.EmailField(max_length=80, unique=True)
    name = models.TextField(blank=True, default="")
    nickname = models.CharField(max_length=20, null=True, db_index=True)
    born = models.DateField(null=True)
    salary = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    extra = models.JSONField(default=dict, null=True)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="contacts")

    class Meta:
        ordering = ["email"]

    def __repr__(self):
        return repr((self.email, self.name, self.nickname, self.born, self.salary, self.extra, self.company_id))
