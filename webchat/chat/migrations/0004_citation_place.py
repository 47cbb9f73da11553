from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_message_reasoning"),
    ]

    operations = [
        migrations.AddField(
            model_name="citation",
            name="place",
            field=models.CharField(blank=True, help_text="Page 3, or Prices, rows 12–40.", max_length=300),
        ),
        migrations.AddField(
            model_name="citation",
            name="headings",
            field=models.JSONField(default=list, help_text="The sections it stands in, outermost first."),
        ),
    ]
